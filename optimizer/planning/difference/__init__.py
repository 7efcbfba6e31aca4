"""Why an image is another one than before: which file, which pin, which option, which package from which version to which, in which layer."""
