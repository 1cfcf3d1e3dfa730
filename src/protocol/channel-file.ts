/** The file of a data directory in which the running relay says where its control channel is. */
export const channelFile = 'channel.json';
