"""What a task runs in a process of its own: ``python -m benchmarks.steps.<module> ARGUMENT...``."""
