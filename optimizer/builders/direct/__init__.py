"""From a plan to an image without a container engine: layers, configuration and manifest as a registry stores them."""
