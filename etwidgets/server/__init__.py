"""The server behind the page: Voila with additional addresses, and the kernels of its sessions; no panel."""
