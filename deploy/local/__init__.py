"""The suite on one machine: embedded servers, every service as a child process."""
