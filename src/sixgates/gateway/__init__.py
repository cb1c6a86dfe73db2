"""The integration gate's harness: the real LiteLLM proxy between a scripted client and scripted upstreams."""
