import type { StepName } from '../plan/step.js';
import type { Firewall } from './firewall.js';
import type { Executors, JailerHandle, Launch } from './host.js';
import { lendInterfaces, takeBackInterfaces } from './lent.js';
import { nameNetworkNamespace, unnameNetworkNamespace } from './netns.js';
import { attachNetwork, bringLoopbackUp, detachNetwork } from './network.js';
import { clearRates, setRates } from './rates.js';
import { isLinkThere, isNamespaceNamed } from './standing.js';
import type { StepListener } from './step-listener.js';

/** The steps that are about a jail's network. */
type NetworkStep = Extract<
  StepName,
  'netns.name' | 'network.attach' | 'network.limit' | 'firewall.set' | 'interfaces.lend'
>;

/** The jailer of a launch. */
export function jailerOf(launch: Launch): JailerHandle {
  if (launch.jailer === null)
    throw new Error(`${launch.jail}: a step needs the jailer before it was spawned`);
  return launch.jailer;
}

/** What does the steps of the network on the real machine. */
export function networkExecutors(listener: StepListener, firewall: Firewall): Pick<Executors, NetworkStep> {
  return {
    'netns.name': {
      run: ({ args }, launch) => nameNetworkNamespace(args.path, jailerOf(launch).initPid),
      undo: ({ args }) => unnameNetworkNamespace(args.path),
      stands: ({ args }) => isNamespaceNamed(args.path),
    },
    'network.attach': {
      run: ({ args }, launch) => {
        const jailer = jailerOf(launch);
        if (args.ip4.length + args.ip6.length === 0) bringLoopbackUp(jailer);
        else for (const warning of attachNetwork(args, jailer)) listener.warn(`${launch.jail}: ${warning}`);
      },
      undo: ({ args }) => {
        return args.ip4.length + args.ip6.length > 0 ? detachNetwork(args) : undefined;
      },
      stands: ({ args }) => isLinkThere(args),
    },
    'network.limit': {
      run: ({ args }) => setRates(args),
      undo: ({ args }) => clearRates(args),
    },
    'firewall.set': {
      run: ({ args }) => firewall.set(args),
      undo: ({ args }) => firewall.remove(args.jail),
    },
    'interfaces.lend': {
      run: ({ args }, launch) => lendInterfaces(args, jailerOf(launch)),
      undo: ({ args }) => takeBackInterfaces(args),
    },
  };
}
