"""Fixtures of the tests: postgres:15 in a text is none."""
POSTGRES = "postgres:16"  # imagelock: postgres
# imagelock: redis
REDIS = 'redis:7'
UNTOLD = "nginx:1.27"
