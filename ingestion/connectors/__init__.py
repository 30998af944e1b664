"""Transports that bring deliveries into the landing folder: SFTP, S3, REST, OData."""
