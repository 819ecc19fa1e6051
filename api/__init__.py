"""The read service: FastAPI application, routers and pages."""
