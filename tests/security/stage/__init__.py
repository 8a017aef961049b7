"""The stage of the security tests: people with their things on a real server, and a good request for every route."""
