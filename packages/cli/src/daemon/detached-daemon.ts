/**
 * The process that `authsvc daemon start` leaves behind. It reports itself to its parent over IPC,
 * and runs on if the parent has gone.
 */
export async function main(): Promise<void> {
  const { runServe } = await import('@authsvc/server');
  const status = await runServe({
    logTo: 'file',
    announce: (daemon) => {
      process.send?.(daemon, () => undefined);
      // Do not keep the caller's folder busy. Relative paths in settings are resolved by now.
      process.chdir(daemon.data_folder);
    },
  });
  process.exit(status);
}
