"""What the integration tests share: servers, the service under test, a proxy for faults, a workload, a comparison."""
