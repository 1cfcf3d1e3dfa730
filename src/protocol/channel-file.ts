/** In a data directory: where the running relay's control channel is. */
export const channelFile = 'channel.json';
