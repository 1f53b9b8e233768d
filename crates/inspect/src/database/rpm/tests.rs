//! Databases of SQLite, by hand.

use super::header::tests::{CURL, header};
use super::*;

const PAGE: usize = 512;

fn varint(number: usize) -> Vec<u8> {
    let low = u8::try_from(number & 0x7F).unwrap();
    if number < 0x80 { vec![low] } else { vec![u8::try_from(number >> 7).unwrap() | 0x80, low] }
}

fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_be_bytes()
}

/// A row: texts, a number of one byte, blobs.
fn row(columns: &[(char, &[u8])]) -> Vec<u8> {
    let kind = |(kind, bytes): &(char, &[u8])| match kind {
        't' => varint(13 + 2 * bytes.len()),
        'b' => varint(12 + 2 * bytes.len()),
        'i' => vec![1],
        _ => vec![0],
    };
    let types: Vec<u8> = columns.iter().flat_map(kind).collect();
    let values: Vec<u8> = columns.iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
    [varint(types.len() + 1), types, values].concat()
}

/// A page that begins with these bytes, with its cells at its end.
fn page(head: &[u8], kind: u8, right: Option<u32>, cells: &[Vec<u8>]) -> Vec<u8> {
    let mut page = [head, &[kind, 0, 0], &short(cells.len()), &[0, 0, 0]].concat();
    page.extend(right.into_iter().flat_map(u32::to_be_bytes));
    let mut end = PAGE;
    let mut tail = Vec::new();
    for cell in cells {
        end -= cell.len();
        page.extend(short(end));
        tail = [cell.clone(), tail].concat();
    }
    page.resize(end, 0);
    [page, tail].concat()
}

/// A cell whose payload overflows into this page.
fn cell(payload: &[u8], overflow: Option<(usize, u32)>) -> Vec<u8> {
    let (here, next) = overflow.map_or((payload.len(), Vec::new()), |(here, next)| (here, next.to_be_bytes().to_vec()));
    [varint(payload.len()), varint(1), payload[..here].to_vec(), next].concat()
}

/// A database: the schema, a tree of a node and a leaf, and the rest of its row in two pages.
fn database() -> Vec<Vec<u8>> {
    let mut head = b"SQLite format 3\0\x02\0\x02\x02\0\x40\x20\x20".to_vec();
    head.resize(100, 0);
    let table = row(&[('t', b"table"), ('t', b"Packages"), ('t', b"Packages"), ('i', &[2]), ('t', b"CREATE TABLE")]);
    let index = row(&[('t', b"index"), ('t', b"Packages"), ('t', b"Packages"), ('i', &[9]), ('t', b"")]);
    let long = header(&[CURL.as_slice(), &[(1005, "x".repeat(1000).as_str())]].concat());
    let payload = row(&[('n', b""), ('b', &long)]);
    // 508 bytes fit into a page of overflow, and at least 39 stand in the leaf.
    let here = 39 + (payload.len() - 39) % 508;
    let (first, second) = payload[here..].split_at(508);
    let overflow = |next: u32, bytes: &[u8]| {
        let mut page = [next.to_be_bytes().as_slice(), bytes].concat();
        page.resize(PAGE, 0);
        page
    };
    vec![
        page(&head, 0x0D, None, &[cell(&index, None), cell(&table, None)]),
        page(&[], 0x05, Some(3), &[]),
        page(&[], 0x0D, None, &[cell(&payload, Some((here, 5)))]),
        page(&[], 0x0A, None, &[]),
        overflow(6, first),
        overflow(0, second),
    ]
}

fn packages(pages: &[Vec<u8>]) -> Result<Vec<Record>, Reason> {
    let mut records = Records::with_room(1 << 16);
    read(&mut pages.concat().as_slice(), 1 << 16, &mut records)?;
    Ok(records.into_list())
}

#[test]
fn a_row_is_put_together_out_of_its_pages() {
    let [curl] = packages(&database()).unwrap().try_into().unwrap();
    assert_eq!((curl.name.as_str(), curl.version.as_str()), ("libcurl", "1:8.6.0-1.fc40"));
}

#[test]
fn pages_that_lead_round_or_nowhere_are_an_error() {
    for (number, at, byte) in
        [(1, 11, 2), (1, 11, 9), (4, 3, 5), (4, 3, 3), (4, 3, 0), (1, 0, 0x0A), (1, 4, 200), (1, 8, 9)]
    {
        let mut pages = database();
        pages[number][at] = byte;
        let outcome = packages(&pages);
        assert!(outcome.is_err(), "{number} {at}: {outcome:?}");
    }
}

#[test]
fn a_database_that_is_cut_is_an_error() {
    let whole = database().concat();
    for length in 0..whole.len() {
        packages(&[whole[..length].to_vec()]).unwrap_err();
    }
}

#[test]
fn no_more_is_held_than_may_be() {
    // Bytes that nothing compresses (xorshift).
    let mut state: u32 = 1;
    let mut pages = database();
    pages.extend((0..300).map(|_| {
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[0] | 0x10
        };
        (0..PAGE).map(|_| noise()).collect::<Vec<u8>>()
    }));
    assert_eq!(packages(&pages), Err(Reason::Format("it is too large to be held")));
    // Indexes are not held.
    for page in &mut pages[6..] {
        page[0] = 0x0A;
    }
    assert_eq!(packages(&pages).unwrap().len(), 1);
}
