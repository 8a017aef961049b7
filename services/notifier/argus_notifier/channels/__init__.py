"""Where else people and projects hear of things: Feishu, Slack, and any address that takes a signed request."""
