"""Files, processes, native libraries, and the ``Listener`` protocol."""
