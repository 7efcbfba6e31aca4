"""What plans look like to a person and to a machine: an image, the functions of an app, what a change makes, and what changed."""
