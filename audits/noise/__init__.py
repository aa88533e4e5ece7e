"""The samplers of the noise, and samplers that are wrong."""
