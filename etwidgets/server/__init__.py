"""The server behind a served page: Voila with our addresses, and the kernels of its sessions; no panel."""
