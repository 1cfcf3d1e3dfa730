import assert from 'node:assert/strict';
import { isProof, newNonce, proofOf } from '../../src/common/proof.ts';

describe('a proof', () => {
  const key = 'a key of 128 bits and more';
  const question = { prover: 'window', port: 4000, nonce: newNonce() };

  it('convinces who knows the key, of one prover at one port to one question', () => {
    const proof = proofOf(key, question);
    assert.ok(isProof(proof, key, question));
    assert.equal(isProof(proof, `${key}.`, question), false);
    for (const change of [{ prover: 'sandbox' }, { port: 4001 }, { nonce: newNonce() }]) {
      assert.equal(isProof(proof, key, { ...question, ...change }), false, JSON.stringify(change));
    }
    assert.notEqual(newNonce(), newNonce());
  });

  it('is nothing else', () => {
    const proof = proofOf(key, question);
    for (const given of [undefined, null, 7, '', key, proof.slice(1), `${proof}0`, proof.replace(/^./, 'g'), [proof]]) {
      assert.equal(isProof(given, key, question), false, String(given));
    }
  });
});
