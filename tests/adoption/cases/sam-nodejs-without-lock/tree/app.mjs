export const lambdaHandler = async () => 1;
