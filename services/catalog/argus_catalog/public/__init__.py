"""What everyone sees without a login: published projects, and what is left out for visitors."""
