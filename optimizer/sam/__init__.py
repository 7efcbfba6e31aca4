"""Templates of CloudFormation and SAM, as values; pure, without CDK."""
