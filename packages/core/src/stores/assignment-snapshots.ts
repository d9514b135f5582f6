import type { AssignmentSnapshot } from '../contracts/assignment-snapshot.ts';
import type { Subscription } from './invalidations.ts';

/** The assignment snapshot that holds now, from the experiments service to every pod. The truth is its database. */
export interface AssignmentSnapshots {
  /**
   * Makes it the present one and tells who listens. False, and nothing changes, when a newer version of its lineage is
   * there already. One of another lineage takes its place: the database was made anew.
   * Publishing the present one again is how an emptied store gets it back.
   */
  publish(snapshot: AssignmentSnapshot): Promise<boolean>;
  /** As it was written, unchecked (`openSnapshot` does that); null when there is none. */
  read(): Promise<string | null>;
  /** `onChange`: another one may be there. Notices can be lost: look now and then, too. */
  subscribe(onChange: () => void): Subscription;
}
