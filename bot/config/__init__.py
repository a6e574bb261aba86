"""Settings: what the environment and coupon.toml say, read whole and refused whole."""
