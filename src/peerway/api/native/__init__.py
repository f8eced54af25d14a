"""The native door: REST, JSON and OpenAPI under `/api/v1`."""
