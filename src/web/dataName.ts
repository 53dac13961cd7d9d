/** What people call data that are named as on the command line: the last part of their path. */
export function dataName(data: string): string {
  if (data.endsWith('/mnist-sample')) return 'MNIST sample';
  return (
    data
      .replace(/^\w+:/, '')
      .split('/')
      .findLast((part) => part !== '') ?? data
  );
}
