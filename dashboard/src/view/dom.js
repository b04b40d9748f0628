// SPDX-License-Identifier: Apache-2.0
// The only ways in which this page touches the document: elements, text nodes, attributes. No markup is ever parsed; the
// page's policy (trusted types, index.html) makes the browser refuse it too.

// What a node shows, remembered with it: to ask the document is slower than to remember.
const TEXT = Symbol('text node'), KEYS = new Map();

function remembered(what) {
    let key = KEYS.get(what);
    if (!key) KEYS.set(what, key = Symbol(what));
    return key;
}

// el('p.note', { title: '…' }, 'text', child)
export function el(spec, attributes = {}, ...children) {
    const [tag, ...classes] = spec.split('.');
    const node = document.createElement(tag);
    if (classes.length > 0) node.className = classes.join(' ');
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
}

// Texts change ten times a second on fifty tiles: touch the document only where they differ, and then the text itself,
// for a new node costs a look at all styles around it.
export function put(node, text) {
    let inner = node[TEXT];
    if (!inner) {
        inner = node[TEXT] = document.createTextNode('');
        node.replaceChildren(inner);
    }
    const key = remembered('text');
    if (node[key] === text) return;
    node[key] = text;
    inner.data = text;
}

export function mark(node, attribute, value) {
    const wanted = value === null || value === undefined || value === false ? null : String(value);
    const key = remembered(attribute);
    if ((node[key] ?? null) === wanted) return;
    node[key] = wanted;
    if (wanted === null) node.removeAttribute(attribute);
    else node.setAttribute(attribute, wanted);
}

export function show(node, visible) {
    if (node.hidden === visible) node.hidden = !visible;
}

// A property of style; set by script, which the page's policy allows where a style attribute in markup is not.
export function vary(node, property, value) {
    const key = remembered(property);
    if (node[key] === value) return;
    node[key] = value;
    node.style.setProperty(property, value);
}

export function replace(node, ...children) {
    node.replaceChildren(...children);
}

export function row(cells, tag = 'td') {
    const tr = el('tr');
    cells.forEach((cell, i) => {
        const td = tag === 'th' ? el('th', { scope: 'col' }) : i === 0 ? el('th', { scope: 'row' }) : el('td');
        td.append(cell);
        tr.append(td);
    });
    return tr;
}
