"""What an auditor asks of the whole warehouse: where each delivered record ended, and which records each figure is made of."""
