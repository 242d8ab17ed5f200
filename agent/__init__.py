"""What Security Assist can do: answer, rank exposures, advise."""
