import { type PeersSocket, UdpPeer } from './udp-peer.ts';

/** Peers remembered in each of two generations, so that a flood of forged sources cannot grow memory. */
const PEERS_REMEMBERED = 32_768;
/** A power of two. */
const RECENT_PEERS = 4096;

/** The peers that were heard or spoken to through one socket. */
export class RememberedPeers {
  readonly #socket: PeersSocket;
  #peers = new Map<string, UdpPeer>();
  #olderPeers = new Map<string, UdpPeer>();
  /** The last peer heard on each port, or on one of those that share its place: most are found without a key. */
  readonly #recent: (UdpPeer | undefined)[] = new Array(RECENT_PEERS).fill(undefined);

  constructor(socket: PeersSocket) {
    this.#socket = socket;
  }

  /** The same object for as long as it is remembered. */
  of(address: string, port: number): UdpPeer {
    const place = port & (RECENT_PEERS - 1);
    const recent = this.#recent[place];
    if (recent !== undefined && recent.port === port && recent.address === address) return recent;

    const peer = this.#remembered(address, port);
    this.#recent[place] = peer;
    return peer;
  }

  /** The last one heard on this port, unless another came on one that shares its place. */
  recentOn(port: number): UdpPeer | undefined {
    const peer = this.#recent[port & (RECENT_PEERS - 1)];
    return peer?.port === port ? peer : undefined;
  }

  #remembered(address: string, port: number): UdpPeer {
    const key = `${address} ${port}`;
    const known = this.#peers.get(key);
    if (known !== undefined) return known;

    const peer = this.#olderPeers.get(key) ?? new UdpPeer(this.#socket, address, port);
    if (this.#peers.size >= PEERS_REMEMBERED) {
      this.#olderPeers = this.#peers;
      this.#peers = new Map();
      this.#recent.fill(undefined); // or those in use would not be taken over into the new generation
    }
    this.#peers.set(key, peer);
    return peer;
  }
}
