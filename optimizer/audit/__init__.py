"""What an account holds of image functions and their images, judged without asking anybody."""
