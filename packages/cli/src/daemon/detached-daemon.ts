/** The process that `authsvc daemon start` leaves behind. It tells its starter who it is over the channel between them; a starter that has gone does not matter. */
export async function main(): Promise<void> {
  const { runServe } = await import('@authsvc/server');
  const status = await runServe({
    logTo: 'file',
    announce: (daemon) => {
      process.send?.(daemon, () => undefined);
      // A folder that someone happened to be in should not be kept busy; the settings' relative paths have been read.
      process.chdir(daemon.data_folder);
    },
  });
  process.exit(status);
}
