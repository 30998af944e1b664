"""One module a command of `tieout`; `orchestration.cli` lists them."""
