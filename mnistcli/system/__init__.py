"""What the operating system gives: files, processes, native libraries, and a user who listens."""
