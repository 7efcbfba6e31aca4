"""From a plan to an image: each builder follows the same recipes."""
