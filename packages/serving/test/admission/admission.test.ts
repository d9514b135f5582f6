import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission, type AdmissionLimits } from '@shortlist/serving/admission/admission.ts';
import { PRIORITIES } from '@shortlist/core/contracts/recommend.ts';

const LIMITS: AdmissionLimits = { queueMax: 10, queueTargetMs: 20, prefetchShare: 0.5, degradeUnderLoad: true };

function admissionOf(limits: Partial<AdmissionLimits> = {}) {
  const clock = { nowMs: 0 };
  return { clock, admission: new Admission({ limits: { ...LIMITS, ...limits }, nowMs: () => clock.nowMs }) };
}

const codeOf = (work: () => void): string => {
  try {
    work();
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('admission', () => {
  it('takes as many as the limit, and another one for each that leaves', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ enters: fc.boolean(), priority: fc.constantFrom(...PRIORITIES) }), { maxLength: 200 }),
        (steps) => {
          const { admission } = admissionOf();
          const inFlight = { shopper: 0, prefetch: 0 };
          let refused = 0;
          for (const { enters, priority } of steps) {
            const total = inFlight.shopper + inFlight.prefetch;
            if (!enters) {
              if (inFlight[priority] === 0) continue;
              admission.leave(priority);
              inFlight[priority] -= 1;
            } else if (codeOf(() => admission.enter(priority, 1_000)) === 'taken') {
              expect(total).toBeLessThan(priority === 'shopper' ? 10 : 5);
              inFlight[priority] += 1;
            } else {
              expect(total).toBeGreaterThanOrEqual(priority === 'shopper' ? 10 : 5);
              refused += 1;
            }
          }
          const { in_flight: counted, shed } = admission.status();
          expect(counted).toEqual(inFlight);
          expect(shed.shopper.limit + shed.prefetch.limit).toBe(refused);
        },
      ),
    );
  });

  it('lets a shopper in at the cost of a prefetch that waits', () => {
    const { admission } = admissionOf();
    for (let i = 0; i < 5; i++) admission.enter('prefetch', 1_000);
    for (let i = 0; i < 5; i++) admission.enter('shopper', 1_000);
    expect(admission.refusal('shopper')).toBeNull();
    expect(codeOf(() => admission.enter('shopper', 1_000))).toBe('overloaded');
    let gaveUp = 0;
    admission.makeRoom = () => (gaveUp += 1) > 0;
    expect(codeOf(() => admission.enter('shopper', 1_000))).toBe('taken');
    expect(codeOf(() => admission.enter('prefetch', 1_000))).toBe('overloaded');
    expect(gaveUp).toBe(1);
  });

  it('refuses at once what its place in the queue would make too late, by its own deadline', () => {
    const { admission } = admissionOf();
    for (let batch = 0; batch < 200; batch++) admission.computed(0, 4, 8);
    expect(codeOf(() => admission.enter('shopper', 1))).toBe('taken');
    for (let i = 0; i < 4; i++) admission.enter('shopper', 1_000);
    // 5 before it at 2 ms.
    expect(codeOf(() => admission.enter('shopper', 9))).toBe('overloaded');
    expect(codeOf(() => admission.enter('shopper', 11))).toBe('taken');
    for (let i = 0; i < 2; i++) admission.enter('shopper', 1_000);
    // 8 before it, and two batches of 8 ms.
    expect(codeOf(() => admission.enter('shopper', 31))).toBe('overloaded');
    expect(codeOf(() => admission.enter('shopper', 33))).toBe('taken');
    expect(admission.status().shed.shopper).toMatchObject({ deadline: 2, limit: 0 });
  });

  it('recovers from an estimate that was spoilt once', () => {
    const { admission } = admissionOf();
    for (let batch = 0; batch < 200; batch++) admission.computed(0, 8, 400);
    admission.enter('shopper', 100);
    // 50 ms a request, a batch of 400 ms: some still come in, and show that it is not so.
    expect(codeOf(() => admission.enter('shopper', 100))).toBe('taken');
    for (let batch = 0; batch < 50; batch++) admission.computed(0, 2, 4);
    for (let i = 0; i < 5; i++) expect(codeOf(() => admission.enter('shopper', 100))).toBe('taken');
  });

  it('says when to come again, later the lighter answers already are', () => {
    const { admission, clock } = admissionOf();
    expect(admission.shed('limit', 'shopper').details).toMatchObject({ retryAfterS: 1 });
    for (clock.nowMs = 0; clock.nowMs < 2_000; clock.nowMs += 50) admission.shed('limit', 'shopper');
    expect(admission.shed('limit', 'shopper').details).toMatchObject({ retryAfterS: 4 });
  });

  it('answers lighter before it refuses: a queue that begins to stand is pressure', () => {
    const { admission, clock } = admissionOf({ queueMax: 200 });
    for (; clock.nowMs < 1_000; clock.nowMs += 2) admission.began('shopper', 15);
    expect(admission.level).toBeGreaterThan(0);
    expect(admission.status()).toMatchObject({ limit: 200, shed: { shopper: { limit: 0 } } });
  });

  it('does not make shoppers pay for prefetches that are refused', () => {
    const { admission, clock } = admissionOf();
    for (; clock.nowMs < 2_000; clock.nowMs += 10) admission.shed('limit', 'prefetch');
    expect(admission.level).toBe(0);
  });

  it('keeps the limit and the answers as they are when told so', () => {
    const { admission, clock } = admissionOf({ queueTargetMs: 0, degradeUnderLoad: false });
    for (; clock.nowMs < 2_000; clock.nowMs += 5) {
      admission.began('shopper', 500);
      admission.shed('limit', 'shopper');
    }
    expect(admission.status()).toMatchObject({ limit: 10, level: 0 });
  });
});
