"""The front page's data in one answer."""
