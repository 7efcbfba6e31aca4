"""Reading images, wherever they are."""
