"""What an account holds, for people, programs, spreadsheets and browsers."""
