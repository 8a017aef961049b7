"""What a person wants to hear of."""
