/** One thing the shop sells: its price in minor units, and how many arrive when the shop opens. */
export interface Article {
  readonly sku: string
  readonly name: string
  readonly price: { readonly amount: number; readonly currency: string }
  readonly stock: number
}

const euros = (amount: number) => ({ amount, currency: "EUR" })

/** What an empty shop starts with, so that a newcomer can order something. The last one runs out quickly. */
export const catalogue: ReadonlyArray<Article> = [
  { sku: "tea-assam", name: "Assam, second flush, 100 g", price: euros(1290), stock: 1000 },
  { sku: "tea-sencha", name: "Sencha, 100 g", price: euros(1450), stock: 1000 },
  { sku: "pot-iron", name: "Cast-iron pot, 0.8 l", price: euros(6900), stock: 200 },
  { sku: "cup-raku", name: "Raku cup", price: euros(3800), stock: 200 },
  { sku: "whisk-bamboo", name: "Bamboo whisk", price: euros(2400), stock: 3 }
]
