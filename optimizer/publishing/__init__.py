"""Makes images available in their repositories without building what they have already."""
