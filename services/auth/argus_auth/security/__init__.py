"""What an administrator should know, and act on."""
