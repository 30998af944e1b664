"""What the whole way costs and how right it is, from landed files to marts."""
