// Makes one element's content like another's while keeping every node that is still there: a button
// under a thumb stays that button, a choice that is open stays open, a note half-typed stays typed.
"use strict";
const morph = (() => {
  const keyOf = (node) => (node.nodeType === Node.ELEMENT_NODE && node.id) || null;

  function attributes(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(old.tagName === "DETAILS" && name === "open")) old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    // Only hidden fields follow the hub: what a person types is theirs.
    if (old.tagName === "INPUT" && old.type === "hidden") old.value = fresh.getAttribute("value") || "";
  }

  function alike(old, fresh) {
    return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName && keyOf(old) === keyOf(fresh);
  }

  function node(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    attributes(old, fresh);
    if (old.dataset.mine === undefined) children(old, fresh);
  }

  function children(parent, fresh) {
    const byKey = new Map();
    for (const child of parent.children) if (child.id) byKey.set(child.id, child);
    let at = parent.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const known = keyOf(wanted) && byKey.get(keyOf(wanted));
      if (known && known.nodeName === wanted.nodeName) {
        if (known !== at) parent.insertBefore(known, at);
        else at = at.nextSibling;
        node(known, wanted);
      } else if (at && alike(at, wanted)) {
        const here = at;
        at = at.nextSibling;
        node(here, wanted);
      } else {
        parent.insertBefore(document.importNode(wanted, true), at);
      }
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  return children;
})();
