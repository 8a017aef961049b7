"""Curves: metric points read from their blocks and thinned out for charts."""
