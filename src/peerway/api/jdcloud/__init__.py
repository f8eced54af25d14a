"""JD Cloud's APIs: paths by region, the service named by the signature, answers in JSON."""
