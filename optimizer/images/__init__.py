"""What is known about built images: their layers, their waste, Lambda's rules, and how two builds differ."""
