"""A labelled company: real bank, payment and ERP files, and the truth about them beside."""
