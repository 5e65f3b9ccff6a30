/**
 * Whether the text holds what looks like a card number: 13 to 19 digits in a row that begin as the card networks' do and
 * pass their check digit. Such a text is refused unread, so that none is ever stored or passed on.
 *
 * Source: ISO/IEC 7812-1 (number ranges 2 to 6 are cards; annex B, the Luhn check).
 */
export const holdsCardNumber = (text: string): boolean =>
  [...text.matchAll(/(?<!\d)[2-6]\d{12,18}(?!\d)/g)].some(([digits]) => passesLuhn(digits))

const passesLuhn = (digits: string): boolean => {
  const sum = [...digits].toReversed().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}
