"""What images are built from: the catalogue of AWS-provided base images, the tools and builder images, the lock
and the mirror.

Everything here is a pure value or a pure lookup: no network, no clock, and no
file but the data of the catalogue and of the tools.
"""
